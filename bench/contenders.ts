import path from 'node:path';
import type { Contender, ContenderName } from './contender.ts';
import { CACHE, ROOT } from './paths.ts';
import { pythonContender } from './python.ts';

/** With what Node has compiled kept for the next process, as `cli/duckstep.ts` keeps it. */
const inNode = (name: ContenderName): Contender => ({
  name,
  command: [process.execPath, path.join(ROOT, 'bench', 'contenders', `${name}.ts`)],
  env: { NODE_COMPILE_CACHE: path.join(CACHE, 'compiled') },
});

/**
 * The contender, or in one sentence why it cannot run here.
 *
 * @param patient whether large packages may be fetched
 */
export const findContender = async (name: ContenderName, patient = true): Promise<Contender | string> => {
  if (name === 'duckstep') return { ...inNode(name), lake: true };
  if (name === 'baseline') return inNode(name);
  return await pythonContender(name, patient);
};
