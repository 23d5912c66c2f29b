import type { OpenedRecords } from './opened-records.ts';
import type { Scan } from './scan-records.ts';

/** The members of `OpenedRecords` that a scan finds out. */
export const accountOf = (
  scan: Scan,
): Pick<OpenedRecords, 'records' | 'firstLine' | 'malformed' | 'lineShifts'> => {
  const { malformedPath, shiftsPath, malformed } = scan.ledger;
  return {
    records: scan.records,
    firstLine: scan.firstLine,
    ...(malformedPath !== undefined && { malformed: { path: malformedPath, count: malformed } }),
    ...(shiftsPath !== undefined && { lineShifts: { path: shiftsPath } }),
  };
};
