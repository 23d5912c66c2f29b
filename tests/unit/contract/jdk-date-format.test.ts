import { strptimeFromJdk } from '../../../shared/contract/jdk-date-format.ts';
import { strictDatePattern } from '../../../shared/contract/strict-date-pattern.ts';
import { withTestDb } from '../../helpers/duckdb.ts';

const READS: [format: string, text: string, is: string][] = [
  ['yyyy-MM-dd', '2024-02-29', '2024-02-29 00:00:00'],
  ['uuuuMMdd', '20240229', '2024-02-29 00:00:00'],
  ['dd/MM/yy', '05/02/24', '2024-02-05 00:00:00'],
  ['dd/MM/yy', '05/02/69', '1969-02-05 00:00:00'],
  ['d.M.yyyy', '5.2.2024', '2024-02-05 00:00:00'],
  ['MMM dd yyyy', 'Jun 12 1998', '1998-06-12 00:00:00'],
  ['MMMM d, y', 'June 2, 1998', '1998-06-02 00:00:00'],
  ['EEE, dd MMM yyyy', 'Fri, 12 Jun 1998', '1998-06-12 00:00:00'],
  ['EEEE d MMMM yyyy', 'Friday 12 June 1998', '1998-06-12 00:00:00'],
  ['yyyy-DDD', '2024-060', '2024-02-29 00:00:00'],
  ["yyyy-MM-dd'T'HH:mm:ss", '2024-02-29T13:05:09', '2024-02-29 13:05:09'],
  ['yyyy-MM-dd HH:mm:ss.SSS', '2024-02-29 13:05:09.250', '2024-02-29 13:05:09.25'],
  ['yyyy-MM-dd HH:mm:ss.SSS', '2024-02-29 13:05:09.5', '2024-02-29 13:05:09.5'],
  ['yyyy-MM-dd HH:mm:ss.SSSSSS', '2024-02-29 13:05:09.250001', '2024-02-29 13:05:09.250001'],
  ['MM/dd/yyyy hh:mm a', '02/29/2024 01:05 PM', '2024-02-29 13:05:00'],
  ['M/d/yyyy h:m a', '2/9/2024 1:5 am', '2024-02-09 01:05:00'],
  ['yyyy-MM-dd HH:mmXXX', '2024-02-29 13:05+01:00', '2024-02-29 12:05:00'],
  ['yyyy-MM-dd HH:mm xx', '2024-02-29 13:05 -0130', '2024-02-29 14:35:00'],
  ['yyyy-MM-dd HH:mmZ', '2024-02-29 13:05+0000', '2024-02-29 13:05:00'],
  ['yyyy-MM-dd HH:mm VV', '2024-02-29 13:05 Europe/Berlin', '2024-02-29 12:05:00'],
  ["dd 'o''clock' MM yyyy H", "29 o'clock 02 2024 7", '2024-02-29 07:00:00'],
  ["dd''MM yyyy", "29'02 2024", '2024-02-29 00:00:00'],
  ['100% yyyy MM dd', '100% 2024 02 29', '2024-02-29 00:00:00'],
  ['(d) M*yyyy? H|m', '(5) 2*2024? 7|5', '2024-02-05 07:05:00'],
  ['yyyy年MM月dd日', '2024年02月29日', '2024-02-29 00:00:00'],
  ['yyyy-MM-dd hh:mm\u202fa', '2024-02-29 01:05\u202fPM', '2024-02-29 13:05:00'],
  ['ddMMyyyyHHmm', '290220241305', '2024-02-29 13:05:00'],
  ['dd MMM yyyy', ' 5  feb   2024\t', '2024-02-05 00:00:00'],
];

test.each(READS)('%s reads %s', async (format, text, is) => {
  const converted = strptimeFromJdk(format, 'timestamp');
  if (!('strptime' in converted)) throw new Error(converted.problem);
  const row = await withTestDb((db) =>
    db.one('SELECT strptime($1, $2)::TIMESTAMP::VARCHAR AS read, regexp_full_match($1, $3) AS matches', [
      text,
      converted.strptime,
      strictDatePattern(converted.strptime),
    ]),
  );
  expect(row).toEqual({ read: is, matches: true });
});

test.each([
  ['dd.MM.yyyy', '05.01.24'],
  ['dd.MM.uuuu', '05.01.024'],
  ['MMMM d, y', 'June 2, 98'],
  ['yyyy-MM-dd', '24-01-05'],
  ['ddMMyyyy', '050124'],
  ['ddMMMyyyy', '05Jan24'],
  ['DDDyyyy', '06024'],
  ['dd/MM/yyyy HH:mm XXX', '05/01/24 10:00 +02:00'],
])('the pattern of %s does not match %s: a year has four digits', async (format, text) => {
  const converted = strptimeFromJdk(format, 'timestamp');
  if (!('strptime' in converted)) throw new Error(converted.problem);
  const row = await withTestDb((db) =>
    db.one('SELECT regexp_full_match($1, $2) AS matches', [text, strictDatePattern(converted.strptime)]),
  );
  expect(row).toEqual({ matches: false });
});

test.each([
  ['yyyy-MM-dd', '2024-02-30'],
  ['MMM dd yyyy', '1998-06-12'],
  ['yyyy-MM-dd HH:mm', '2024-02-29'],
])('%s does not read %s', async (format, text) => {
  const converted = strptimeFromJdk(format, 'date');
  if (!('strptime' in converted)) throw new Error(converted.problem);
  const row = await withTestDb((db) =>
    db.one('SELECT try_strptime($1, $2) AS read', [text, converted.strptime]),
  );
  expect(row).toEqual({ read: null });
});

test.each([
  ['YYYY-MM-dd', 'date', 'the letters "YYYY" are not supported (did you mean "yyyy"?)'],
  ['yyyy-mm-dd', 'date', 'it must have a year, a month and a day'],
  ['yyyy-MM', 'date', 'it must have a year, a month and a day'],
  ['yyyy-MM-dd hh:mm', 'timestamp', '"h" needs an "a" (am or pm)'],
  ['yyyy-MM-dd[ HH:mm]', 'timestamp', 'optional sections and reserved characters are not supported ("[")'],
  ["yyyy-MM-dd'T", 'date', "the quoted text has no end; write '' for a quote itself"],
  ['mm:ss', 'time', 'it must have an hour (HH, or hh with a)'],
  ['HH:mm:ssXXX', 'time', 'an offset or zone is not allowed in a time without a date'],
  ['HH:mm VV', 'time', 'an offset or zone is not allowed in a time without a date'],
  ['G yyyy-MM-dd', 'date', 'the letters "G" are not supported'],
] as const)('%s is not a format of a %s', (format, kind, problem) => {
  expect(strptimeFromJdk(format, kind)).toEqual({ problem });
});

test('a time needs no date', () => {
  expect(strptimeFromJdk('HH:mm:ss', 'time')).toEqual({ strptime: '%H:%M:%S' });
});
