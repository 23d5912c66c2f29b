import { rmSync } from 'node:fs';

/** Removes the folder that `folders.ts` made. */
export default (): void => {
  if (process.env.TMPDIR?.includes('duckstep-tests-'))
    rmSync(process.env.TMPDIR, { recursive: true, force: true });
};
