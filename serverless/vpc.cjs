/** `provider.vpc`: none unless the parameters name subnets and security groups. */
module.exports = async ({ resolveVariable }) => {
  const ids = async (name) =>
    String(await resolveVariable(`param:${name}`))
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== '');
  const subnetIds = await ids('vpcSubnetIds');
  const securityGroupIds = await ids('vpcSecurityGroupIds');
  if ((subnetIds.length === 0) !== (securityGroupIds.length === 0))
    throw new Error('vpcSubnetIds and vpcSecurityGroupIds belong together: give both or neither.');
  return subnetIds.length === 0 ? null : { subnetIds, securityGroupIds };
};
