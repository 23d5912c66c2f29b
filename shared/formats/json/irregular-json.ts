/** A text is no JSON of the form that is read. */
export class IrregularJson extends Error {
  /** The fault, as a sentence without an end; undefined where a reader of the whole file may say more. */
  readonly fault: string | undefined;

  constructor(fault?: string) {
    super(fault);
    this.fault = fault;
  }
}
