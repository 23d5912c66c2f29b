import { failureReason } from '../../engine/failure-reason.ts';
import { DuckstepError, ModelFailed } from '../../errors.ts';

/**
 * Does work that runs a dataset's own SQL, and names the SQL in the error where DuckDB fails.
 *
 * @param sql what to call the SQL, as the subject of "… fails"
 * @throws ModelFailed
 */
export const runModel = async <T>(sql: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    // Errors with a name of their own, such as OutOfMemory, are no mistake in the SQL.
    if (error instanceof DuckstepError) throw error;
    throw new ModelFailed(`${sql} fails: ${failureReason(error)}. Fix it, deploy, and redrive.`, {
      cause: error,
    });
  }
};
