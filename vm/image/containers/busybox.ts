import { accounts, type ContainerTree } from './image.ts'

/** busybox and nothing else; stands in for the image of this name. */
export const busybox: ContainerTree = {
  name: 'busybox',
  packages: [],
  programs: [],
  copies: [],
  folders: ['/root', '/var'],
  files: accounts,
  scripts: {},
  links: {},
  images: [
    { tags: ['busybox:latest', 'vethlab/busybox:latest'], ports: [], environment: {}, folder: '', command: ['sh'] },
  ],
}
