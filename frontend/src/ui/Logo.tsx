/** Owns the product's logo. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 32 32">
      <path
        fill="var(--accent)"
        d="M7 4h18a5 5 0 0 1 5 5v10a5 5 0 0 1-5 5H15.500l-6.700 5.100A.5.5 0 0 1 8 28.700V24H7a5 5 0 0 1-5-5V9a5 5 0 0 1 5-5z"
      />
      <path stroke="#fff" strokeWidth="2.6" strokeLinecap="round" d="M9 11.500h14M9 17h9" />
    </svg>
  );
}
