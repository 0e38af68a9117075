/**
 * Owns how the tree of a message's text is rendered. Every node is a React element: no HTML string reaches the page.
 */
import { Fragment, memo, type ReactNode, useState } from "react";
import { t } from "../../i18n/index.ts";
import { parseMarkdown } from "../../lib/text/markdown.ts";
import type { Block, Inline } from "../../lib/text/tree.ts";
import { Button } from "../../ui/Button.tsx";
import { copy } from "../../ui/copy.ts";
import { toast } from "../../ui/Toasts.tsx";
import s from "./Body.module.css";
import { emojiRuns, isEmojiOnly } from "./emoji.ts";
import type { FindMention } from "./mentioned.ts";

interface Props {
  readonly text: string;
  /** Finds the handles to highlight. */
  readonly find: FindMention;
  /** Rendered after the last word (the edited mark). */
  readonly tail?: ReactNode;
}

export const Body = memo(function Body({ text, find, tail }: Props) {
  if (isEmojiOnly(text)) {
    return (
      <div className={s.body}>
        <p className={s.large} dir="auto">
          {text}
          {tail}
        </p>
      </div>
    );
  }
  const blocks = parseMarkdown(text);
  const last = blocks.length - 1;
  return (
    <div className={s.body}>
      {blocks.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the tree of one text never changes
        <Fragment key={index}>{drawBlock(block, find, index === last ? tail : undefined)}</Fragment>
      ))}
      {blocks[last]?.type !== "paragraph" && tail !== undefined && <p>{tail}</p>}
    </div>
  );
});

/** An item's direction is that of its text, and so is that of its paragraphs: its mark stands where they begin. */
function drawBlock(block: Block, find: FindMention, tail?: ReactNode, inItem = false): ReactNode {
  switch (block.type) {
    case "paragraph":
      return (
        <p dir={inItem ? undefined : "auto"}>
          {drawInlines(block.children, find)}
          {tail}
        </p>
      );
    case "code":
      return <CodeBlock lang={block.lang} text={block.text} />;
    case "quote":
      return <blockquote className={s.quote}>{drawBlocks(block.children, find)}</blockquote>;
    case "list":
      return block.ordered ? (
        // The marks are text, so that they are what was typed, also in a copy.
        <ol className={s.numbered}>
          {block.items.map(({ mark, children }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the tree of one text never changes
            <li key={index} value={Number.parseInt(mark ?? "", 10)} dir="auto">
              <span className={s.mark}>{mark} </span>
              <div>{drawBlocks(children, find, true)}</div>
            </li>
          ))}
        </ol>
      ) : (
        <ul className={s.list}>
          {block.items.map(({ children }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the tree of one text never changes
            <li key={index} dir="auto">
              {drawBlocks(children, find, true)}
            </li>
          ))}
        </ul>
      );
  }
}

function drawBlocks(blocks: readonly Block[], find: FindMention, inItem = false): ReactNode {
  return blocks.map((block, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the tree of one text never changes
    <Fragment key={index}>{drawBlock(block, find, undefined, inItem)}</Fragment>
  ));
}

function drawInlines(nodes: readonly Inline[], find: FindMention): ReactNode {
  return nodes.map((node, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the tree of one text never changes
    <Fragment key={index}>{drawInline(node, find)}</Fragment>
  ));
}

function drawInline(node: Inline, find: FindMention): ReactNode {
  switch (node.type) {
    case "text":
      return drawText(node.text);
    case "strong":
      return <strong>{drawInlines(node.children, find)}</strong>;
    case "emphasis":
      return <em>{drawInlines(node.children, find)}</em>;
    case "strike":
      return <s>{drawInlines(node.children, find)}</s>;
    case "code":
      return <code className={s.code}>{node.text}</code>;
    case "mention":
      return <Mention word={node.word} find={find} />;
    case "link":
      return (
        <a href={node.href} target="_blank" rel="noopener noreferrer nofollow" title={node.href}>
          <bdi className={s.label}>{drawInlines(node.children, find)}</bdi>
          {node.host !== null && (
            <>
              {" "}
              <bdi className={s.host}>({node.host})</bdi>
            </>
          )}
        </a>
      );
  }
}

function Mention({ word, find }: { word: string; find: FindMention }) {
  const found = find(word);
  if (found === null) return `@${word}`;
  return (
    <>
      <span className={s.mention} data-mine={found.mine || undefined}>
        @{found.handle}
      </span>
      {word.slice(found.handle.length)}
    </>
  );
}

/** Renders text, with emojis in their own font: some text fonts contain black-and-white glyphs for them. */
function drawText(text: string): ReactNode {
  const parts = emojiRuns(text);
  if (parts.length === 1) return text;
  return parts.map((part, index) =>
    index % 2 === 0 ? (
      part
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the tree of one text never changes
      <span key={index} className={s.emoji}>
        {part}
      </span>
    ),
  );
}

const COPIED_MS = 1_500;

function CodeBlock({ lang, text }: { lang: string | null; text: string }) {
  const [copied, setCopied] = useState(false);
  const onCopy = async () => {
    if (!(await copy(text))) {
      toast(t("code.notCopied"));
      return;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <figure className={s.block}>
      <figcaption className={s.caption}>
        <span>{lang ?? ""}</span>
        <Button small variant="quiet" icon={copied ? "check" : "copy"} onPress={onCopy}>
          {copied ? t("code.copied") : t("code.copy")}
        </Button>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0} dir="ltr">
        <code>{text}</code>
      </pre>
    </figure>
  );
}
