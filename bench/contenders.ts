import path from 'node:path';
import type { Contender, ContenderName } from './contender.ts';
import { CACHE, ROOT } from './paths.ts';
import { pythonContender } from './python.ts';

/** Uses Node's compile cache, as `cli/duckstep.ts` does. */
const inNode = (name: ContenderName): Contender => ({
  name,
  command: [process.execPath, path.join(ROOT, 'bench', 'contenders', `${name}.ts`)],
  env: { NODE_COMPILE_CACHE: path.join(CACHE, 'compiled') },
});

/**
 * The contender, or one sentence that says why it cannot run here.
 *
 * @param patient whether large packages may be downloaded
 */
export const findContender = async (name: ContenderName, patient = true): Promise<Contender | string> => {
  if (name === 'duckstep') return { ...inNode(name), lake: true };
  if (name === 'baseline') return inNode(name);
  return await pythonContender(name, patient);
};
