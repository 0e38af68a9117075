/** The part of Lighthouse that is used. Its own types need packages that CI does not install. */
declare module "lighthouse" {
  export interface Category {
    /** From 0 to 1; null if an audit of it failed. */
    readonly score: number | null;
    readonly auditRefs: readonly { readonly id: string; readonly weight: number }[];
  }
  export interface Audit {
    readonly score: number | null;
    readonly title: string;
  }
  export interface Result {
    readonly lhr: {
      readonly categories: Readonly<Record<string, Category>>;
      readonly audits: Readonly<Record<string, Audit>>;
      readonly runtimeError?: { readonly message: string };
    };
  }
  export interface Flags {
    readonly port: number;
    readonly onlyCategories: readonly string[];
    readonly disableStorageReset: boolean;
    readonly logLevel: "error";
  }
  export const desktopConfig: object;
  export default function lighthouse(url: string, flags: Flags, config?: object): Promise<Result | undefined>;
}
