// The uid that a site's processes run as and its files belong to: the site's id, above every uid that a Debian system gives out
// (adduser.conf(5), login.defs(5)). It has no entry in any passwd file.
const firstUid = 200_000
/** Far above any number of sites, and what still fits a uid with room to spare. */
export const maxSiteId = 1_000_000_000

export function siteUid(siteId: number): number {
  return firstUid + siteId
}
