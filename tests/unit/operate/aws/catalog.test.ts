import { GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { mockClient } from 'aws-sdk-client-mock';
import { stageCatalog } from '../../../../operate/aws/catalog.ts';
import { metadataOf, signups } from '../../../helpers/glue.ts';

test.each([
  ['eu-west-1', { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' }],
  ['eu-west-2', { AWS_DEFAULT_REGION: 'eu-west-2' }],
  ['us-east-1', {}],
])(
  "a stage's catalog is asked in %s where the environment is %j, as sls deploy does",
  async (region, env) => {
    const glue = mockClient(GlueClient);
    const Parameters = { table_type: 'ICEBERG', metadata_location: metadataOf(1) };
    glue.on(GetTableCommand).resolves({ Table: { Name: 'signups', Parameters } });
    await stageCatalog('dev', env).point(signups(1));
    expect(glue.call(0).args[0].input).toEqual({ DatabaseName: 'duckstep_dev_silver', Name: 'signups' });
    expect(await (glue.call(0).thisValue as GlueClient).config.region()).toBe(region);
    glue.restore();
  },
);
