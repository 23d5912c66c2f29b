import type { ReplayPlan, ReplayResult } from '../../operate/replayed.ts';
import { count, counted } from '../../shared/base/text.ts';
import type { SkippedFile } from '../../shared/replay/choose-files.ts';
import { dollars } from './dollars.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Files of a list, and of the files that do not run; the others are counted. `--json` has them all. */
const MAX_SHOWN = 50;

const COLUMNS = ['file', 'uploaded', 'bytes', 'estimated', 'because'].map((name) => ({
  name,
  right: name === 'bytes' || name === 'estimated',
}));

/** The files that a replay would run, and those that it would not. */
export const renderPlan = (plan: ReplayPlan, terminal: Terminal): string[] => {
  const { files, skipped, bytes, estimated_usd } = plan;
  const rows = files
    .slice(0, MAX_SHOWN)
    .map((file) => [
      file.key,
      file.uploaded_at.slice(0, 19),
      count(file.bytes),
      dollars(file.estimated_usd),
      file.because,
    ]);
  const total = `${counted(files.length, 'file')} would run, ${counted(bytes, 'byte')}, about ${dollars(estimated_usd)} on AWS`;
  return [
    ...(files.length === 0 ? [] : renderTable(COLUMNS, rows, terminal)),
    ...more(files.length),
    files.length === 0 ? 'Nothing would run.' : total,
    ...renderSkipped(skipped, terminal),
  ];
};

/** The executions that a replay has begun, and the files that it left out. Outcomes are printed by others. */
export const renderReplayed = ({ files, plan }: ReplayResult, terminal: Terminal): string[] => {
  const begun = files.filter(({ outcome }) => outcome === undefined);
  const before = files.filter((file) => file.before).length;
  return [
    ...begun
      .slice(0, MAX_SHOWN)
      .map(
        ({ key, execution, before: earlier }) =>
          `${key}  ${earlier ? 'was started as' : 'starts as'} ${execution}`,
      ),
    ...more(begun.length),
    files.length === 0
      ? 'Nothing to run.'
      : `${counted(files.length, 'file')}${before > 0 ? `, ${count(before)} of them begun before` : ''}`,
    ...renderSkipped(plan.skipped, terminal),
  ];
};

const renderSkipped = (skipped: readonly SkippedFile[], terminal: Terminal): string[] => {
  if (skipped.length === 0) return [];
  const rows = skipped.slice(0, MAX_SHOWN).map(({ key, version_id = '', text }) => [key, version_id, text]);
  const columns = ['not run', 'version', 'because'].map((name) => ({ name, right: false }));
  return ['', ...renderTable(columns, rows, terminal), ...more(skipped.length)];
};

const more = (length: number): string[] =>
  length > MAX_SHOWN ? [`and ${count(length - MAX_SHOWN)} more (--json lists all)`] : [];
