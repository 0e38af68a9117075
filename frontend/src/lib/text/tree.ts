/** Owns the tree that a message's text is parsed into. */

export type Inline =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "strong" | "emphasis" | "strike"; readonly children: readonly Inline[] }
  | { readonly type: "code"; readonly text: string }
  /** The word after an `@`: the whole of it or its beginning is a handle. */
  | { readonly type: "mention"; readonly word: string }
  | {
      readonly type: "link";
      readonly href: string;
      /** Where the link leads, unless its text says exactly that. */
      readonly host: string | null;
      readonly children: readonly Inline[];
    };

export type Block =
  | { readonly type: "paragraph"; readonly children: readonly Inline[] }
  | { readonly type: "code"; readonly lang: string | null; readonly text: string }
  | { readonly type: "quote"; readonly children: readonly Block[] }
  | { readonly type: "list"; readonly ordered: boolean; readonly items: readonly Item[] };

export interface Item {
  /** The mark as it was typed, such as `5.`; `null` for a bullet. */
  readonly mark: string | null;
  readonly children: readonly Block[];
}
