import type { RemovalReport, RemovedFile } from '../../operate/removal/remove-files.ts';
import { count, counted, printable } from '../../shared/base/text.ts';
import { renderTable, type TableOptions } from './table.ts';

const COLUMNS = ['file', 'rows', 'raw'].map((name) => ({ name, right: name === 'rows' }));

const RAW: Record<RemovedFile['raw'], string> = {
  removed: 'removed',
  kept: 'kept',
  replaced: 'a newer version stays',
  absent: 'was not there',
};

/** Each file with its rows, and a line with the sum, for every removal. */
export const renderRemoved = (
  reports: readonly RemovalReport[],
  options: TableOptions & { dryRun: boolean },
): string[] =>
  reports.flatMap(({ id, continued, files }) => {
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const what = `${counted(rows, 'row')} of ${counted(files.length, 'file')}`;
    return [
      ...(continued ? [`Finished the removal ${id}, which was interrupted:`] : []),
      ...renderTable(
        COLUMNS,
        files.map((file) => [printable(file.key), count(file.rows), RAW[file.raw]]),
        options,
      ),
      options.dryRun ? `${what} would be removed` : `${what} removed`,
    ];
  });
