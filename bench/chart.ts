/** Horizontal bars as SVG text, readable on light and dark pages. */

export interface Bar {
  label: string;
  /** In the chart's unit; undefined if there is none: then the note says why. */
  value?: number;
  /** Text after the bar, shown instead of the value. */
  note: string;
  /** Index into the chart's colours. */
  colour: number;
}

export interface BarGroup {
  title: string;
  bars: readonly Bar[];
}

export interface Chart {
  title: string;
  subtitle: string;
  groups: readonly BarGroup[];
  /** Upper end of the scale; longer bars are cut and marked. Default: the longest bar. */
  limit?: number;
}

/** Mid-tones with a contrast of 3:1 or more on white and on GitHub's dark page, distinguishable without red and green. */
const COLOURS = ['#d9730d', '#6e7781', '#2f81f7', '#8957e5', '#a475f9', '#1b8f8a'];

const WIDTH = 760;
const LABELS = 92;
const NOTES = 190;
const BAR = 16;
const GAP = 4;
const GROUP_GAP = 34;
const TOP = 62;

/** Text and lines follow the page's theme; an image in a README learns it only from the media query. */
const STYLE = `
  text { font: 12px -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .quiet { fill: #59636e }
  .group { font-weight: 600 }
  line { stroke: #d1d9e0 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .quiet { fill: #9198a1 }
    line { stroke: #3d444d }
  }`;

/** @returns the text of an SVG file */
export const drawChart = ({ title, subtitle, groups, limit }: Chart): string => {
  const values = groups.flatMap(({ bars }) => bars.flatMap(({ value }) => value ?? []));
  const most = Math.min(limit ?? Number.POSITIVE_INFINITY, Math.max(...values, Number.MIN_VALUE));
  const room = WIDTH - LABELS - NOTES;
  const parts: string[] = [];
  let y = TOP;
  for (const group of groups) {
    parts.push(text(0, y + 12, group.title, 'group'));
    y += 22;
    const began = y;
    for (const bar of group.bars) {
      const length = Math.min(1, (bar.value ?? 0) / most) * room;
      const cut = bar.value !== undefined && bar.value > most;
      parts.push(text(LABELS - 8, y + 12, bar.label, 'quiet', 'end'));
      if (bar.value !== undefined) parts.push(rectangle(y, Math.max(1, length), bar.colour));
      parts.push(text(LABELS + length + 6, y + 12, `${cut ? '≫ ' : ''}${bar.note}`));
      y += BAR + GAP;
    }
    parts.push(`<line x1="${LABELS}" y1="${began - 2}" x2="${LABELS}" y2="${y}"/>`);
    y += GROUP_GAP - GAP;
  }
  const height = y - GROUP_GAP + 2 * GAP + 8;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}\n</style>`,
    text(0, 18, title, 'title'),
    text(0, 38, subtitle, 'quiet'),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
};

const rectangle = (y: number, length: number, colour: number): string =>
  `<rect x="${LABELS}" y="${y}" width="${rounded(length)}" height="${BAR}" rx="2" fill="${COLOURS[colour % COLOURS.length]}"/>`;

const text = (x: number, y: number, value: string, style?: string, anchor?: string): string =>
  `<text x="${rounded(x)}" y="${y}"${style === undefined ? '' : ` class="${style}"`}${anchor === undefined ? '' : ` text-anchor="${anchor}"`}>${escaped(value)}</text>`;

const rounded = (value: number): string => value.toFixed(1);

const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
