import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { ZONES } from '../../shared/lake/paths.ts';
import { bucketVariable, databaseVariable } from '../../shared/runtime/environment.ts';
import { STATE_MACHINE_VARIABLE } from '../../shared/runtime/executions.ts';
import {
  bucketOf,
  definition,
  FUNCTIONS,
  type JsonObject,
  ofType,
  resource,
  STATES,
  template,
  twinOf,
} from './template.ts';

const stages = parse(readFileSync(path.resolve(__dirname, '../../serverless/stages.yml'), 'utf8')) as Record<
  string,
  Record<string, unknown>
>;

describe('the state machine', () => {
  test('is the definition that runs on a laptop, except for the functions that it calls', () => {
    const source = parse(
      readFileSync(path.resolve(__dirname, '../../statemachines/pipeline.asl.yml'), 'utf8'),
      { merge: true },
    );
    const withoutArns = (value: { States: Record<string, JsonObject> }): unknown => ({
      ...value,
      States: Object.fromEntries(
        Object.entries(value.States).map(([name, { Resource: _, ...state }]) => [name, state]),
      ),
    });
    expect(withoutArns(definition())).toEqual(withoutArns(source));
  });

  test('calls each function in the state of its name', () => {
    const { DefinitionString } = resource('Pipeline').Properties as {
      DefinitionString: { 'Fn::Sub': [string, JsonObject] };
    };
    const [, names] = DefinitionString['Fn::Sub'];
    const { States } = definition();
    for (const state of STATES) {
      const name = String(States[state]?.Resource).slice(2, -1);
      expect(names[name]).toEqual({ 'Fn::GetAtt': [`${state}LambdaFunction`, 'Arn'] });
    }
  });

  test('is logged and traced, and may call its functions', () => {
    const { LoggingConfiguration, TracingConfiguration, StateMachineType } = resource('Pipeline').Properties;
    expect(StateMachineType ?? 'STANDARD').toBe('STANDARD');
    expect(TracingConfiguration).toEqual({ Enabled: true });
    expect(LoggingConfiguration).toMatchObject({
      Destinations: [
        { CloudWatchLogsLogGroup: { LogGroupArn: { 'Fn::GetAtt': ['PipelineLogGroup', 'Arn'] } } },
      ],
    });
    const { Policies } = resource('PipelineRole').Properties as unknown as {
      Policies: { PolicyDocument: { Statement: { Action: string; Resource: JsonObject[] }[] } }[];
    };
    const invoking = Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement).filter(
      ({ Action }) => Action === 'lambda:InvokeFunction',
    );
    const called = invoking.flatMap(({ Resource }) => Resource).map((each) => JSON.stringify(each));
    expect(called.toSorted()).toEqual(
      STATES.map((state) => JSON.stringify({ 'Fn::GetAtt': [`${state}LambdaFunction`, 'Arn'] })).toSorted(),
    );
  });
});

describe('a function', () => {
  test.each(FUNCTIONS)('%s has what its code needs', (name) => {
    const { Properties } = resource(`${name}LambdaFunction`);
    expect(Properties).toMatchObject({
      FunctionName: `duckstep-dev-${name}`,
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Layers: [{ Ref: 'DuckdbLambdaLayer' }],
      TracingConfig: { Mode: 'Active' },
      // By default Lambda drops log lines below INFO.
      LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: stages.default?.logLevel },
      Environment: {
        Variables: {
          ...Object.fromEntries(ZONES.map((zone) => [bucketVariable(zone), { Ref: bucketOf(zone) }])),
          DUCKSTEP_MAX_FILE_MB: expect.any(String),
          DUCKSTEP_MAX_UNPACKED_MB: expect.any(String),
          DUCKSTEP_MAX_RECORD_MB: expect.any(String),
          DUCKSTEP_DETAILED_METRICS: 'false',
          DUCKSTEP_QUARANTINE_ALARM_PERCENT: '20',
          POWERTOOLS_SERVICE_NAME: 'duckstep-dev',
          POWERTOOLS_METRICS_NAMESPACE: 'duckstep',
        },
      },
    });
  });

  test.each(FUNCTIONS)('%s has the settings of the catalog if and only if it commits', (name) => {
    const { Environment } = resource(`${name}LambdaFunction`).Properties as unknown as {
      Environment: { Variables: Record<string, unknown> };
    };
    const commits = ['LoadToGold', 'LoadToGoldLarge', 'Maintain'].includes(name);
    expect(Environment.Variables[databaseVariable('silver')]).toEqual(
      commits ? { Ref: 'SilverDatabase' } : undefined,
    );
    expect(Environment.Variables[databaseVariable('gold')]).toEqual(
      commits ? { Ref: 'GoldDatabase' } : undefined,
    );
  });

  test.each(STATES)('%s times out before its state does, and the alarm fires before that', (state) => {
    const { Timeout } = resource(`${state}LambdaFunction`).Properties as { Timeout: number };
    expect(Timeout).toBeLessThan(Number(definition().States[state]?.TimeoutSeconds));
    const alarm = resource(`${state}DurationAlarm`).Properties;
    expect(alarm).toMatchObject({
      MetricName: 'Duration',
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: `${state}LambdaFunction` } }],
      Threshold: Timeout * 800,
      // The metric of a duration has the time at which the call began, but arrives when the call ends.
      Period: 3600,
    });
  });

  test.each(STATES.filter((state) => state.endsWith('Large')))(
    '%s is its twin with the memory of the second try and the largest disk',
    (state) => {
      const { Properties } = resource(`${state}LambdaFunction`);
      const twin = resource(`${twinOf(state)}LambdaFunction`).Properties;
      const same = ['Handler', 'Role', 'Layers', 'Runtime'];
      expect(same.map((name) => Properties[name])).toEqual(same.map((name) => twin[name]));
      // The largest disk is the default of DUCKSTEP_STORAGE_MB.
      const otherVariables = ({ Environment }: JsonObject) => {
        const { DUCKSTEP_STORAGE_MB: _, ...variables } = (Environment as { Variables: JsonObject }).Variables;
        return variables;
      };
      expect(otherVariables(Properties)).toEqual(otherVariables(twin));
      expect(Properties).not.toHaveProperty('Environment.Variables.DUCKSTEP_STORAGE_MB');
      expect(Properties).toMatchObject({
        MemorySize: Number(stages.dev?.retryMemoryMb),
        EphemeralStorage: { Size: 10240 },
      });
      expect(Number(Properties.MemorySize)).toBeGreaterThan(Number(twin.MemorySize));
    },
  );

  test('the limits of a file, raw and decompressed, fit on the disk', () => {
    const { Environment, EphemeralStorage } = resource('ValidateLambdaFunction').Properties as unknown as {
      Environment: { Variables: Record<string, string> };
      EphemeralStorage: { Size: number };
    };
    expect(Number(Environment.Variables.DUCKSTEP_MAX_UNPACKED_MB)).toBeLessThan(EphemeralStorage.Size);
    expect(Number(Environment.Variables.DUCKSTEP_MAX_FILE_MB)).toBeLessThan(EphemeralStorage.Size);
  });
});

test('maintenance runs on a schedule, ends in time, is tried twice, and alarms report that it failed or did not run', () => {
  expect(resource('MaintainEventsRuleSchedule1').Properties).toMatchObject({
    Name: 'duckstep-dev-maintenance',
    ScheduleExpression: 'rate(1 day)',
    State: 'ENABLED',
    Targets: [{ Arn: { 'Fn::GetAtt': ['MaintainLambdaFunction', 'Arn'] } }],
  });
  expect(resource('MaintainLambdaPermissionEventsRuleSchedule1').Properties).toMatchObject({
    Principal: 'events.amazonaws.com',
    SourceArn: { 'Fn::GetAtt': ['MaintainEventsRuleSchedule1', 'Arn'] },
  });
  expect(resource('MaintainLambdaEvConf').Properties).toMatchObject({
    MaximumRetryAttempts: 1,
    DestinationConfig: { OnFailure: { Destination: { Ref: 'AlarmTopic' } } },
  });
  expect(resource('MaintenanceMissedAlarm').Properties).toMatchObject({
    Namespace: 'AWS/Lambda',
    MetricName: 'Invocations',
    Statistic: 'Sum',
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: 'MaintainLambdaFunction' } }],
    ComparisonOperator: 'LessThanThreshold',
    Threshold: 1,
    TreatMissingData: 'breaching',
    // Two days.
    Period: 3600,
    EvaluationPeriods: 48,
    DatapointsToAlarm: 48,
  });
  expect(Number(resource('MaintainLambdaFunction').Properties.Timeout)).toBeLessThanOrEqual(900);
  expect(resource('MaintenanceAlarm').Properties).toMatchObject({
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: 'MaintainLambdaFunction' } }],
    Threshold: 1,
  });
});

test('Maintain knows the state machine, and nothing that the state machine needs is made after Maintain', () => {
  expect(resource('MaintainLambdaFunction').Properties.Environment).toMatchObject({
    Variables: { [STATE_MACHINE_VARIABLE]: { Ref: 'Pipeline' } },
  });
  const { Resources } = template();
  const neededBy = (id: string): string[] => {
    const text = JSON.stringify(Resources[id] ?? {});
    return Object.keys(Resources).filter(
      (other) =>
        text.includes(`{"Ref":"${other}"}`) || text.includes(`["${other}"`) || text.includes(`\${${other}`),
    );
  };
  const needed = new Set<string>();
  const follow = (id: string): void => {
    for (const other of neededBy(id))
      if (!needed.has(other)) {
        needed.add(other);
        follow(other);
      }
  };
  follow('Pipeline');
  expect([...needed]).toEqual(
    expect.arrayContaining(['PipelineRole', 'ValidateLambdaFunction', 'ValidateRole']),
  );
  expect([...needed].filter((id) => id.startsWith('Maintain') || id === 'Pipeline')).toEqual([]);
});

describe('events and alarms', () => {
  test('every file in raw starts an execution; events that fail to are kept', () => {
    const { EventPattern, Targets } = resource('ObjectCreatedRule').Properties;
    expect(EventPattern).toEqual({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: {
        bucket: { name: [{ Ref: 'RawBucket' }] },
        object: {
          key: [{ 'anything-but': { wildcard: ['*/', '_*', '*/_*', '.*', '*/.*', '*_$folder$'] } }],
        },
      },
    });
    expect(Targets).toEqual([
      {
        Id: 'Pipeline',
        Arn: { Ref: 'Pipeline' },
        RoleArn: { 'Fn::GetAtt': ['StartPipelineRole', 'Arn'] },
        RetryPolicy: { MaximumEventAgeInSeconds: 86400, MaximumRetryAttempts: 185 },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['UndeliveredQueue', 'Arn'] } },
      },
    ]);
  });

  test('every kind of failed execution is reported', () => {
    expect(resource('ExecutionFailedRule').Properties).toMatchObject({
      EventPattern: {
        source: ['aws.states'],
        detail: { stateMachineArn: [{ Ref: 'Pipeline' }], status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
      },
      Targets: [{ Arn: { Ref: 'AlarmTopic' } }],
    });
  });

  test('EventBridge may publish without a condition, because it can fulfil none', () => {
    const { PolicyDocument } = resource('AlarmTopicPolicy').Properties as unknown as {
      PolicyDocument: { Statement: { Principal: unknown; Condition?: unknown }[] };
    };
    const own = PolicyDocument.Statement.filter(({ Principal }) =>
      JSON.stringify(Principal).includes('events.amazonaws.com'),
    );
    expect(own).toEqual([
      {
        Sid: 'Executions',
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sns:Publish',
        Resource: { Ref: 'AlarmTopic' },
      },
    ]);
  });

  test('files that never ran ring by the metric that Maintain publishes', () => {
    expect(resource('MissingFilesAlarm').Properties).toMatchObject({
      ...{
        Namespace: 'duckstep',
        MetricName: 'FilesMissing',
        Threshold: 1,
        TreatMissingData: 'notBreaching',
      },
      Dimensions: [{ Name: 'service', Value: 'duckstep-dev' }],
    });
  });

  test('every alarm goes to the topic', () => {
    const alarms = ofType('AWS::CloudWatch::Alarm');
    expect(alarms).toHaveLength(17);
    for (const [, { Properties }] of alarms) expect(Properties.AlarmActions).toEqual([{ Ref: 'AlarmTopic' }]);
  });

  test('quarantine: many files over all datasets, or of one dataset among hundreds', () => {
    const { Metrics } = resource('QuarantineRateAlarm').Properties as unknown as {
      Metrics: { Expression?: string }[];
    };
    expect(Metrics[0]?.Expression).toMatch(/^IF\(FILL\(quarantined, 0\) >= 3, 100 \* .*, 0\)$/);
    expect(resource('QuarantinedDatasetAlarm').Properties).toMatchObject({
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 3,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
      Metrics: [
        {
          // Three hours are the most that such an alarm can look at.
          Period: 10_800,
          Expression: `SELECT SUM(QuarantineExcess) FROM SCHEMA("duckstep", service, dataset) WHERE service = 'duckstep-dev' GROUP BY dataset ORDER BY SUM() DESC`,
        },
      ],
    });
  });

  test('the dashboard shows only metrics that are published by default', () => {
    const { DashboardBody } = resource('Dashboard').Properties as { DashboardBody: { 'Fn::Sub': string } };
    expect(DashboardBody['Fn::Sub']).not.toMatch(/service,state,dataset/);
  });

  test('the dashboard is JSON', () => {
    const { DashboardBody } = resource('Dashboard').Properties as { DashboardBody: { 'Fn::Sub': string } };
    const { widgets } = JSON.parse(DashboardBody['Fn::Sub']) as {
      widgets: { properties: { title: string } }[];
    };
    expect(widgets.map(({ properties }) => properties.title)).toHaveLength(6);
  });

  test('every log group has a retention', () => {
    const groups = ofType('AWS::Logs::LogGroup');
    expect(groups).toHaveLength(FUNCTIONS.length + 1);
    for (const [, { Properties }] of groups) expect(Properties.RetentionInDays).toEqual(expect.any(Number));
  });
});

test('only actions that AWS does not restrict to resources are allowed on all resources', () => {
  const open = ofType('AWS::IAM::Role').flatMap(([, { Properties }]) => {
    const { Policies } = Properties as unknown as {
      Policies: { PolicyDocument: { Statement: { Action?: string | string[]; Resource?: unknown }[] } }[];
    };
    return Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
      .filter(({ Resource }) => [Resource].flat().includes('*'))
      .flatMap(({ Action = [] }) => Action);
  });
  expect(
    open.filter((action) => !/^(xray:|logs:.*(LogDeliver|ResourcePolic|DescribeLogGroups))/.test(action)),
  ).toEqual([]);
});

test('the outputs name the resources that people look for', () => {
  expect(Object.keys(template().Outputs)).toEqual(
    expect.arrayContaining([
      'RawBucketName',
      'GoldBucketName',
      'PipelineArn',
      'PipelineConsole',
      'DashboardConsole',
      'AlarmTopicArn',
      'UndeliveredQueueUrl',
      'SilverDatabaseName',
      'GoldDatabaseName',
      'AthenaWorkgroupName',
    ]),
  );
});
