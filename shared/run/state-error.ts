/** An error as Step Functions reports it. `Cause` is the JSON text that Lambda answers with, else plain text. */
export interface StateError {
  Error: string;
  Cause: string;
}

/** The `errorMessage` in a `Cause`; the whole `Cause` where it is not an error that Lambda reports. */
export const messageOf = ({ Cause }: Pick<StateError, 'Cause'>): string => {
  try {
    const answer: unknown = JSON.parse(Cause);
    if (typeof answer !== 'object' || answer === null || !('errorMessage' in answer)) return Cause;
    return typeof answer.errorMessage === 'string' ? answer.errorMessage : Cause;
  } catch {
    // The engine's own errors and those of other services are plain text.
    return Cause;
  }
};

/** The name and the message of an error that a state reported. */
export const readError = (error: StateError): { name: string; message: string } => ({
  name: error.Error,
  message: messageOf(error),
});
