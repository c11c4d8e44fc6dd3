export { differs, holds, isFalse } from './claims/verdict.ts'
export { shows } from './expect/shows.ts'
export type { Lab, LabDefinition, MachineWords, SegmentWords, SeveralMachines, Words } from './lab.ts'
export { lab } from './lab.ts'
