/**
 * Commits thousands of small files into one partition and measures each run's storage requests:
 * `npx node scripts/small-files.ts` writes `docs/small-files.json` and `docs/small-files.svg`. Takes some minutes.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { FolderStore } from '../shared/lake/storage/folder-store.ts';
import { commitSmallFiles, type Keys, type Measured, ROWS, readingsYaml } from './measure-small-files.ts';

/** Runs per point of the chart, which shows their mean. */
const WINDOW = 40;

const SERIES: readonly { keys: Keys; count: number; label: string; colour: string }[] = [
  { keys: 'none', count: 2_000, label: 'no primary key', colour: '#1b7837' },
  { keys: 'rising', count: 2_000, label: 'keys that rise', colour: '#2166ac' },
  { keys: 'random', count: 2_000, label: 'random keys', colour: '#b2182b' },
];

interface Point {
  /** The last run of the window. */
  run: number;
  requests: number;
  most_requests: number;
  bytes_read: number;
  bytes_written: number;
  files: number;
}

const pointsOf = (runs: readonly Measured[]): Point[] =>
  Array.from({ length: Math.floor(runs.length / WINDOW) }, (_, i) => {
    const window = runs.slice(i * WINDOW, (i + 1) * WINDOW);
    const mean = (of: (run: Measured) => number): number =>
      window.reduce((sum, run) => sum + of(run), 0) / WINDOW;
    return {
      run: (i + 1) * WINDOW,
      requests: Math.round(mean(({ requests }) => requests) * 10) / 10,
      most_requests: Math.max(...window.map(({ requests }) => requests)),
      bytes_read: Math.round(mean((run) => run.bytes_read)),
      bytes_written: Math.round(mean((run) => run.bytes_written)),
      files: Math.max(...window.map(({ files }) => files)),
    };
  });

const measure = async (keys: Keys, count: number): Promise<Point[]> => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'small-files-'));
  try {
    const sqlDir = path.join(folder, 'sql');
    await mkdir(path.join(sqlDir, 'readings'), { recursive: true });
    await writeFile(path.join(sqlDir, 'readings/contract.yaml'), readingsYaml(keys));
    const store = new FolderStore(path.join(folder, 'silver'));
    return pointsOf(
      await commitSmallFiles(store, sqlDir, { count, keys, scratch: path.join(folder, 'scratch') }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

type Result = (typeof SERIES)[number] & { points: Point[] };

const [WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [760, 260, 64, 40, 20, 36];

/** One chart with a line for each series, from zero up. */
const chart = (
  results: readonly Result[],
  top: number,
  { title, of, unit }: { title: string; of: (point: Point) => number; unit: (value: number) => string },
): string => {
  const highest = 1.15 * Math.max(...results.flatMap(({ points }) => points.map(of)));
  const last = Math.max(...results.flatMap(({ points }) => points.map(({ run }) => run)));
  const x = (run: number): number => LEFT + (run / last) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => top + HEIGHT - BOTTOM - (value / highest) * (HEIGHT - TOP - BOTTOM);
  const text = (at: number, up: number, said: string, anchor: string): string =>
    `<text x="${at.toFixed(1)}" y="${up.toFixed(1)}" text-anchor="${anchor}">${said}</text>`;
  const rule = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = share * highest;
    const line = `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="#ddd"/>`;
    return line + text(LEFT - 8, y(value) + 4, unit(value), 'end');
  });
  const scale = [0, 0.25, 0.5, 0.75, 1].map((share) =>
    text(x(share * last), top + HEIGHT - BOTTOM + 18, String(share * last), 'middle'),
  );
  const lines = results.map(({ points, colour }) => {
    const path = points.map((point) => `${x(point.run).toFixed(1)},${y(of(point)).toFixed(1)}`).join(' ');
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`;
  });
  return [text(LEFT, top + 20, title, 'start'), ...rule, ...scale, ...lines].join('\n');
};

const svgOf = (results: readonly Result[]): string => {
  const legend = results.map(
    ({ label, colour }, i) =>
      `<rect x="${LEFT + i * 180}" y="12" width="12" height="12" fill="${colour}"/><text x="${LEFT + i * 180 + 18}" y="22">${label}</text>`,
  );
  const charts = [
    { title: 'Requests per run', of: (point: Point) => point.requests, unit: (n: number) => n.toFixed(0) },
    {
      title: 'KB read and written per run',
      of: (point: Point) => point.bytes_read + point.bytes_written,
      unit: (n: number) => (n / 1024).toFixed(0),
    },
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${30 + 2 * HEIGHT}" font-family="sans-serif" font-size="12">`,
    '<title>Requests and bytes per run, for 2,000 small files into one partition</title>',
    `<rect width="100%" height="100%" fill="white"/>`,
    ...legend,
    ...charts.map((each, i) => chart(results, 30 + i * HEIGHT, each)),
    '</svg>\n',
  ].join('\n');
};

const results: Result[] = [];
for (const series of SERIES) results.push({ ...series, points: await measure(series.keys, series.count) });
const measured = Object.fromEntries(results.map(({ keys, points }) => [keys, points]));
await writeFile(
  'docs/small-files.json',
  `${JSON.stringify({ rows_per_file: ROWS, window: WINDOW, measured })}\n`,
);
await writeFile('docs/small-files.svg', svgOf(results));
