/** The values that `logicalTypeOptions.format` of a string may have, each with its anchored RE2 pattern. */

const HOST_LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';

export const STRING_FORMATS: Readonly<Record<string, string>> = {
  /** WHATWG HTML, "valid e-mail address", as browsers check it; in addition, the domain has at least two labels. */
  email: `^[A-Za-z0-9.!#$%&'*+/=?^_\`{|}~-]+@${HOST_LABEL}(?:\\.${HOST_LABEL})+$`,
  /** RFC 9562, in upper or lower case, with hyphens. */
  uuid: '^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
  /** RFC 3986, absolute URIs only: a scheme, a colon, and no character that must be escaped. */
  uri: '^[A-Za-z][A-Za-z0-9+.-]*:[^\\s<>"{}|\\\\^`]+$',
  /** RFC 1123: labels of letters, digits and inner hyphens. */
  hostname: `^${HOST_LABEL}(?:\\.${HOST_LABEL})*$`,
  /** Dotted decimal without leading zeros. */
  ipv4: `^${OCTET}(?:\\.${OCTET}){3}$`,
};
