/**
 * Tests the shipped datasets in DuckDB, without the pipeline: contracts fit the real files, `silver.sql` produces its
 * columns, and gold models return the columns that they declare.
 */
import path from 'node:path';
import { listReferences, loadAll } from '../../../shared/contract/load.ts';
import type { Column, Contract } from '../../../shared/contract/model.ts';
import { ident, literal, literalList } from '../../../shared/engine/sql.ts';
import type { Db } from '../../../shared/engine/with-duckdb.ts';
import { checkModels, loadGoldModels } from '../../../shared/stages/load-to-gold/gold/model-header.ts';
import { withTestDb } from '../../helpers/duckdb.ts';

const VEGA = 'node_modules/vega-datasets/data';
const csv = (file: string): string =>
  `read_csv(${literal(file)}, header = true, all_varchar = true, null_padding = false, ignore_errors = true, strict_mode = false)`;

/** SQL that reads a file of each dataset, in the simplest way: all as text. */
const SOURCES: Record<string, string> = {
  signups: csv('samples/signups/2024-01.csv'),
  weather: csv(`${VEGA}/seattle-weather.csv`),
  movies: `read_json(${literal(`${VEGA}/movies.json`)}, format = 'array')`,
  // The first half million: enough to see every airport, quick enough for every run of the tests.
  flights: `(SELECT * FROM read_parquet(${literal(`${VEGA}/flights-3m.parquet`)}) LIMIT 500000)`,
};

const typed = ({ sourceName, missingValues, strptime, silverType, name }: Column): string => {
  const text = `trim(CAST(${ident(sourceName)} AS VARCHAR), ' "')`;
  const present = `CASE WHEN ${text} NOT IN ${literalList(missingValues).replace('[', '(').replace(']', ')')} THEN ${text} END`;
  const value = strptime === undefined ? present : `try_strptime(${present}, ${literal(strptime)})`;
  return `TRY_CAST(${value} AS ${silverType}) AS ${ident(name)}`;
};

/** Creates `silver.<dataset>` as the pipeline does, but checks only types and required values. */
const makeSilver = async (db: Db, contract: Contract): Promise<void> => {
  const { dataset, columns, silverSql, folder } = contract;
  const sourced = columns.filter((column) => column.derivedFrom === undefined);
  const required = sourced.filter((column) => column.required);
  const complete = required.map((column) => `${ident(column.name)} IS NOT NULL`).join(' AND ');
  for (const reference of await listReferences(folder))
    await db.run(`CREATE TABLE ref.${ident(reference.name)} AS FROM ${csv(reference.path)}`);
  await db.run(
    `CREATE OR REPLACE TEMP TABLE accepted AS
     SELECT * FROM (
       SELECT ${sourced.map(typed).join(', ')}, row_number() OVER () AS _row, NULL::JSON AS _rescued
       FROM ${SOURCES[dataset]}
     ) WHERE ${complete}`,
  );
  await db.run(
    `CREATE OR REPLACE TEMP TABLE refined AS ${silverSql ?? 'SELECT * EXCLUDE (_rescued) FROM accepted'}`,
  );
  const produced = columns.filter((column) => [undefined, 'silver.sql'].includes(column.derivedFrom));
  const made = (await db.describe('SELECT * FROM refined')).map(({ name }) => name);
  expect(made.toSorted()).toEqual(['_row', ...produced.map(({ name }) => name)].toSorted());
  expect(await db.one('SELECT count(*) - count(DISTINCT _row) AS repeated FROM refined')).toEqual({
    repeated: 0,
  });
  const silver = columns.map((column) => {
    const value = produced.includes(column) ? ident(column.name) : (column.derivedFrom ?? 'NULL');
    return `CAST((${value}) AS ${column.silverType}) AS ${ident(column.name)}`;
  });
  await db.run(`CREATE TABLE silver.${ident(dataset)} AS SELECT ${silver.join(', ')} FROM refined`);
};

const withSilver = (datasets: readonly string[], work: (db: Db) => Promise<void>): Promise<void> =>
  withTestDb(async (db) => {
    await db.run('CREATE SCHEMA silver; CREATE SCHEMA ref; CREATE SCHEMA gold');
    for (const contract of await loadAll('sql'))
      if (datasets.includes(contract.dataset)) await makeSilver(db, contract);
    for (const model of await loadGoldModels('sql'))
      if (model.reads.every((dataset) => datasets.includes(dataset)))
        await db.run(`CREATE TABLE gold.${ident(model.name)} AS ${model.sql}`);
    await work(db);
  });

test('contracts and models fit each other', async () => {
  const models = await loadGoldModels('sql');
  checkModels(models, await loadAll('sql'));
  expect(models.map(({ file }) => path.relative('sql', file)).toSorted()).toEqual([
    'flights/gold/delays_by_day.sql',
    'flights/gold/flights_by_route.sql',
    'gold/daily_metrics.sql',
    'movies/gold/movies_by_genre.sql',
    'signups/gold/signups_by_day.sql',
    'weather/gold/weather_by_month.sql',
  ]);
});

test('gold models return the columns that they declare, also from empty tables', async () => {
  const models = await loadGoldModels('sql');
  const contracts = await loadAll('sql');
  await withTestDb(async (db) => {
    await db.run('CREATE SCHEMA silver');
    for (const { dataset, columns } of contracts)
      await db.run(
        `CREATE TABLE silver.${ident(dataset)} (${columns.map((c) => `${ident(c.name)} ${c.silverType}`).join(', ')})`,
      );
    for (const model of models) {
      const declared = model.columns.map(({ name, type }) => ({ name, type }));
      expect({ model: model.name, columns: await db.describe(model.sql) }).toEqual({
        model: model.name,
        columns: declared,
      });
      expect(await db.all(model.sql)).toEqual([]);
    }
  });
});

test('signups: the running total ends at the number of sign-ups', () =>
  withSilver(['signups'], async (db) => {
    const totals = `SELECT status, max(running_total) AS signups FROM gold.signups_by_day GROUP BY status`;
    const counts = `SELECT status, count(*) AS signups FROM silver.signups GROUP BY status`;
    expect(await db.all(`${totals} ORDER BY status`)).toEqual(await db.all(`${counts} ORDER BY status`));
    expect(await db.one(`SELECT count(*) AS tests FROM silver.signups WHERE email LIKE 'qa+%'`)).toEqual({
      tests: 0,
    });
  }));

test('weather: every month of four years', () =>
  withSilver(['weather'], async (db) => {
    const months = `SELECT count(*) AS months, sum(days)::INT AS days, sum(precipitation_mm) AS mm FROM gold.weather_by_month`;
    expect(await db.one(months)).toEqual({ months: 48, days: 1461, mm: '4426.0' });
  }));

test('movies: centuries, accents and articles are fixed, and the key is still unique', () =>
  withSilver(['movies'], async (db) => {
    expect(
      await db.one(`
        SELECT count(*) AS films, count(DISTINCT (title, release_date)) AS keys, max(year(release_date)) AS newest,
          count(*) FILTER (WHERE regexp_matches(title, '[ÈÍ˘ΩÛ‰‡Î·ÙËÖ]')) AS broken,
          count(*) FILTER (WHERE us_gross = 0) AS nothing, count(*) FILTER (WHERE us_gross IS NULL) AS unknown,
          count(*) FILTER (WHERE mpaa_rating IS NOT NULL AND mpaa_meaning IS NULL) AS unexplained
        FROM silver.movies`),
    ).toEqual({ films: 3200, keys: 3200, newest: 2011, broken: 0, nothing: 0, unknown: 73, unexplained: 0 });
    expect(
      await db.all(`
        SELECT title, release_date, us_gross, decade FROM silver.movies
        WHERE title IN ('Gone with the Wind', 'Léon', 'The Barbarians', '300', 'The Naked Gun 2½: The Smell of Fear')
        ORDER BY title`),
    ).toEqual([
      { title: '300', release_date: '2007-03-09', us_gross: 210614939, decade: 2000 },
      { title: 'Gone with the Wind', release_date: '1939-12-15', us_gross: 198680470, decade: 1930 },
      { title: 'Léon', release_date: '1994-11-18', us_gross: 19284974, decade: 1990 },
      { title: 'The Barbarians', release_date: '1987-03-01', us_gross: 800000, decade: 1980 },
      {
        title: 'The Naked Gun 2½: The Smell of Fear',
        release_date: '1991-06-28',
        us_gross: 86930411,
        decade: 1990,
      },
    ]);
  }));

test('flights: every airport has its city and state, and routes and days count the same flights', () =>
  withSilver(['flights'], async (db) => {
    expect(
      await db.one(`
        SELECT count(*) AS flights, (SELECT sum(flights)::INT FROM gold.flights_by_route) AS by_route,
          (SELECT sum(flights)::INT FROM gold.delays_by_day) AS by_day,
          count(*) FILTER (WHERE origin_state IS NULL OR destination_city IS NULL) AS nowhere
        FROM silver.flights`),
    ).toEqual({ flights: 500000, by_route: 500000, by_day: 500000, nowhere: 0 });
  }));

test('daily_metrics: one value per day, metric and dimensions, from three datasets', () =>
  withSilver(['weather', 'flights', 'signups'], async (db) => {
    expect(
      await db.all(`
        SELECT metric_name, count(*) = count(DISTINCT (date_key, dimensions::VARCHAR)) AS once,
          bool_and(year = year(date_key)) AS in_year, min(map_keys(dimensions)[1]) AS dimension
        FROM gold.daily_metrics GROUP BY metric_name ORDER BY metric_name`),
    ).toEqual([
      { metric_name: 'flights.avg_delay', once: true, in_year: true, dimension: 'origin_state' },
      { metric_name: 'flights.count', once: true, in_year: true, dimension: 'origin_state' },
      { metric_name: 'signups.count', once: true, in_year: true, dimension: 'status' },
      { metric_name: 'weather.precipitation_mm', once: true, in_year: true, dimension: 'city' },
      { metric_name: 'weather.temp_max', once: true, in_year: true, dimension: 'city' },
    ]);
  }));
