/** The argument with which the framework calls a function in a variable's file. */
interface Context {
  resolveVariable(address: string): Promise<unknown>;
}

declare const optional: Record<
  | 'vpc'
  | 'networkStatement'
  | 'bucketDeletion'
  | 'bucketNames'
  | 'maintenanceAlarmHours'
  | 'tableVersioning'
  | 'tableVersionsDays'
  | 'quarantineExpiry'
  | 'encryption'
  | 'resultsEncryption'
  | 'scanLimit'
  | 'keyStatement'
  | 'subscription',
  (context: Context) => Promise<unknown>
>;
export = optional;
