export { differs, holds, isFalse } from './claims/verdict.ts'
export { shows } from './expect/shows.ts'
export type { Lab, LabBody, LabDefinition, Words } from './lab.ts'
export { lab } from './lab.ts'
