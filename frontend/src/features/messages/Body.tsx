/**
 * Owns how the tree of a message's text is rendered. Every node is a React element: no HTML string reaches the page.
 */
import { Fragment, memo, type ReactNode, useState } from "react";
import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import s from "./Body.module.css";
import { emojiRuns, isEmojiOnly } from "./emoji.ts";
import { type Block, type Inline, parseMarkdown } from "./markdown.ts";

interface Props {
  readonly text: string;
  /** Handle of the signed-in user, whose mentions are highlighted more strongly. */
  readonly me: string;
  /** Whether the server matched the `@names` of this text to people. */
  readonly hasMentions: boolean;
  /** Rendered after the last word (the edited mark). */
  readonly tail?: ReactNode;
}

export const Body = memo(function Body({ text, me, hasMentions, tail }: Props) {
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
        <Fragment key={index}>{drawBlock(block, me, hasMentions, index === last ? tail : undefined)}</Fragment>
      ))}
      {blocks[last]?.type !== "paragraph" && tail !== undefined && <p>{tail}</p>}
    </div>
  );
});

function drawBlock(block: Block, me: string, hasMentions: boolean, tail?: ReactNode): ReactNode {
  switch (block.type) {
    case "paragraph":
      return (
        <p dir="auto">
          {drawInlines(block.children, me, hasMentions)}
          {tail}
        </p>
      );
    case "code":
      return <CodeBlock lang={block.lang} text={block.text} />;
    case "quote":
      return <blockquote className={s.quote}>{drawBlocks(block.children, me, hasMentions)}</blockquote>;
    case "list": {
      const items = block.items.map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the tree of one text never changes
        <li key={index} dir="auto">
          {drawBlocks(item, me, hasMentions)}
        </li>
      ));
      return block.ordered ? (
        <ol className={s.list} start={block.start}>
          {items}
        </ol>
      ) : (
        <ul className={s.list}>{items}</ul>
      );
    }
  }
}

function drawBlocks(blocks: readonly Block[], me: string, hasMentions: boolean): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: the tree of one text never changes
  return blocks.map((block, index) => <Fragment key={index}>{drawBlock(block, me, hasMentions)}</Fragment>);
}

function drawInlines(nodes: readonly Inline[], me: string, hasMentions: boolean): ReactNode {
  return nodes.map((node, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the tree of one text never changes
    <Fragment key={index}>{drawInline(node, me, hasMentions)}</Fragment>
  ));
}

function drawInline(node: Inline, me: string, hasMentions: boolean): ReactNode {
  switch (node.type) {
    case "text":
      return drawText(node.text);
    case "strong":
      return <strong>{drawInlines(node.children, me, hasMentions)}</strong>;
    case "emphasis":
      return <em>{drawInlines(node.children, me, hasMentions)}</em>;
    case "strike":
      return <s>{drawInlines(node.children, me, hasMentions)}</s>;
    case "code":
      return <code className={s.code}>{node.text}</code>;
    case "break":
      return <br />;
    case "mention": {
      const mine = node.name.toLowerCase() === me.toLowerCase();
      if (!hasMentions && !mine) return `@${node.name}`;
      return (
        <span className={s.mention} data-mine={mine || undefined}>
          @{node.name}
        </span>
      );
    }
    case "link":
      return (
        <a href={node.href} target="_blank" rel="noopener noreferrer nofollow" title={node.href}>
          {drawInlines(node.children, me, hasMentions)}
        </a>
      );
  }
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
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <figure className={s.block}>
      <figcaption className={s.caption}>
        <span>{lang ?? ""}</span>
        <Button small variant="quiet" icon={copied ? "check" : "copy"} onPress={copy}>
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
