// Creates a container, mending what a crash or a clean-up by somebody else left in its way.
import type { Container, ContainerCreateOptions } from 'dockerode'
import { ask, type Engine, statusOf } from './engine.ts'
import type { Images } from './images/images.ts'
import { removeContainer } from './remove-container.ts'

/** A container's description; always with a name, by which it is found again. */
export type ContainerPlan = ContainerCreateOptions & { readonly name: string }

export interface ContainerMaker {
  readonly engine: Engine
  readonly images: Images
}

export interface ContainerWish {
  readonly family: string
  render(image: string): ContainerPlan
  readonly report: (line: string) => void
}

const missingImage = 404
const nameTaken = 409

export async function createContainer({ engine, images }: ContainerMaker, wish: ContainerWish): Promise<Container> {
  const create = async () => {
    const options = wish.render(await images.reference(wish.family, wish.report))
    return await ask(engine.createContainer(options))
  }
  try {
    return await create()
  } catch (error) {
    // Ids are unique, so whatever holds the name was left by an attempt that was cut off.
    if (statusOf(error) === nameTaken) await removeContainer(engine, wish.render('').name)
    else if (statusOf(error) === missingImage) images.forget(wish.family)
    else throw error
    return await create()
  }
}
