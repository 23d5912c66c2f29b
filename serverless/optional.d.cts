/** How the framework calls what stands in a variable's file. */
interface Context {
  resolveVariable(address: string): Promise<unknown>;
}

declare const optional: Record<
  | 'vpc'
  | 'networkStatement'
  | 'bucketDeletion'
  | 'encryption'
  | 'resultsEncryption'
  | 'scanLimit'
  | 'keyStatement'
  | 'subscription',
  (context: Context) => Promise<unknown>
>;
export = optional;
