import { drawChart } from '../../../bench/chart.ts';

const attributes = (svg: string, element: string, name: string): number[] =>
  [...svg.matchAll(new RegExp(`<${element} [^>]*?\\b${name}="([^"]+)"`, 'g'))].map((match) =>
    Number(match[1]),
  );

const chart = (limit?: number): string =>
  drawChart({
    title: 'Time & memory',
    subtitle: 'a < b',
    ...(limit !== undefined && { limit }),
    groups: [
      {
        title: 'narrow csv',
        bars: [
          { label: 'baseline', value: 1, note: '1.00 ×', colour: 1 },
          { label: 'duckstep', value: 2, note: '2.00 ×', colour: 0 },
          { label: 'pyspark', value: 4, note: '4.00 ×', colour: 4 },
          { label: 'pandas', note: 'failed', colour: 3 },
        ],
      },
    ],
  });

test('bars are as long as their values, and who failed has none', () => {
  const [one, two, four, ...others] = attributes(chart(), 'rect', 'width') as [number, number, number];
  expect(two / one).toBeCloseTo(2);
  expect(four / one).toBeCloseTo(4);
  expect(others).toEqual([]);
});

test('a bar beyond the limit is cut, and says so', () => {
  const svg = chart(2);
  const [one, two, four] = attributes(svg, 'rect', 'width') as [number, number, number];
  expect(four).toBe(two);
  expect(two / one).toBeCloseTo(2);
  expect(svg).toContain('≫ 4.00 ×');
});

test('nothing overlaps and everything lies inside', () => {
  const svg = chart();
  const [height = 0] = attributes(svg, 'svg', 'height');
  const tops = attributes(svg, 'rect', 'y');
  expect(Math.min(...tops.slice(1).map((top, i) => top - (tops[i] ?? 0)))).toBeGreaterThanOrEqual(16);
  for (const y of attributes(svg, 'text', 'y')) expect(y).toBeLessThan(height);
});

test('text is escaped, labels are there for readers without eyes, and dark pages have colours of their own', () => {
  const svg = chart();
  expect(svg).toContain('Time &amp; memory');
  expect(svg).toContain('a &lt; b');
  expect(svg).toContain('aria-label="Time &amp; memory"');
  expect(svg).toContain('prefers-color-scheme: dark');
});
