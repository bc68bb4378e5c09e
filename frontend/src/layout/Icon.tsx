/** The few icons of the page, drawn with the colour of the text. They say nothing that words do not. */
const paths = {
  check: 'M4 10.5l4 4 8-9',
  clock: 'M10 5.5V10l3 2M17.5 10a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0Z',
  cross: 'M5 5l10 10M15 5L5 15',
  warning: 'M10 7.5v4M10 14.4v.1M10 2.8 18 16.7H2Z',
  info: 'M10 9v5M10 6.1V6M17.5 10a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0Z',
  external: 'M8 4H4v12h12v-4M11 4h5v5M16 4l-7 7',
  chevron: 'M7.5 5l5 5-5 5',
  minus: 'M5 10h10',
  plus: 'M5 10h10M10 5v10',
  box: 'M10 2.5l7 3.7v7.6l-7 3.7-7-3.7V6.2ZM3 6.2l7 3.8 7-3.8M10 10v7.5M6.5 4.4l7 3.8',
  trace: 'M3 5h9M6 10h10M9 15h6',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={size > 30 ? 1 : 1.7}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={paths[name]} />
    </svg>
  );
}
