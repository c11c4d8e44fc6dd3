/**
 * Whether this is `npm run test:all`: then every break is made on the whole lab and in a machine, whatever shortcut or record there is. The
 * runner says so.
 */
export const inEarnest = process.env.VETHLAB_TEST_TIER === 'all'
