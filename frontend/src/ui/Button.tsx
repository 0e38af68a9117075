/** Owns buttons: with text, or with an icon only (then the label is its name and its tooltip). */
import type { ReactNode } from "react";
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
  Tooltip,
  TooltipTrigger,
} from "react-aria-components";
import s from "./Button.module.css";
import { Icon, type IconName } from "./Icon.tsx";

interface ButtonProps extends Omit<AriaButtonProps, "className" | "children"> {
  readonly variant?: "primary" | "plain" | "quiet" | "danger";
  readonly small?: boolean;
  readonly icon?: IconName;
  readonly children: ReactNode;
}

export function Button({ variant = "plain", small = false, icon, children, ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} className={s.button ?? ""} data-variant={variant} data-small={small || undefined}>
      {icon !== undefined && <Icon name={icon} size={small ? 16 : 18} />}
      {children}
    </AriaButton>
  );
}

interface IconButtonProps extends Omit<AriaButtonProps, "className" | "children" | "aria-label"> {
  readonly icon: IconName;
  readonly label: string;
  readonly size?: number;
  readonly small?: boolean;
  readonly tone?: "danger" | undefined;
  readonly active?: boolean;
  /** Rendered over the icon (a badge). */
  readonly children?: ReactNode;
  /** The tooltip's text, if it is not the label. */
  readonly tip?: string;
}

export function IconButton(props: IconButtonProps) {
  const { icon, label, size = 20, small = false, tone, active = false, children, tip = label, ...rest } = props;
  return (
    <TooltipTrigger delay={500} closeDelay={60}>
      <AriaButton
        {...rest}
        aria-label={label}
        className={s.icon ?? ""}
        data-small={small || undefined}
        data-tone={tone}
        data-active={active || undefined}
      >
        <Icon name={icon} size={size} />
        {children}
      </AriaButton>
      <Tooltip className={s.tip ?? ""} offset={6}>
        {tip}
      </Tooltip>
    </TooltipTrigger>
  );
}
