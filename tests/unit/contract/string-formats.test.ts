import { STRING_FORMATS } from '../../../shared/contract/string-formats.ts';
import { withTestDb } from '../../helpers/duckdb.ts';

const CASES: Record<string, { good: string[]; bad: string[] }> = {
  email: {
    good: ['a@example.com', "o'neil+tag@mail.example.co.uk", 'x_1@1st.example'],
    bad: [
      '',
      'a@example',
      'a@@example.com',
      'a b@example.com',
      'a@-x.com',
      '@example.com',
      'a@example.com\n',
    ],
  },
  uuid: {
    good: ['01234567-89ab-cdef-0123-456789ABCDEF'],
    bad: ['0123456789abcdef0123456789abcdef', '01234567-89ab-cdef-0123-456789ABCDEG'],
  },
  uri: {
    good: ['https://example.com/a?b=c#d', 'mailto:a@example.com', 'urn:isbn:0451450523'],
    bad: ['example.com', '/a/b', 'http://a b', 'http://x/<y>'],
  },
  hostname: { good: ['localhost', 'a-1.example.com'], bad: ['-a.example', 'a_b.example', 'a..b', ''] },
  ipv4: { good: ['0.0.0.0', '192.168.255.1'], bad: ['256.1.1.1', '1.2.3', '01.2.3.4', '1.2.3.4.5'] },
};

test('every format has cases', () => {
  expect(Object.keys(CASES)).toEqual(Object.keys(STRING_FORMATS));
});

test.each(Object.entries(CASES))('%s', async (name, { good, bad }) => {
  const match = (text: string): Promise<{ matches: boolean }> =>
    withTestDb((db) =>
      db.one('SELECT regexp_matches($1, $2) AS matches', [text, STRING_FORMATS[name] ?? '(']),
    );
  const passing: string[] = [];
  for (const text of [...good, ...bad]) if ((await match(text)).matches) passing.push(text);
  expect(passing).toEqual(good);
});
