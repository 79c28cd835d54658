import { describe, expect, it } from 'vitest'
import { planPush } from '../../../src/deploy/push-plan.ts'

const none = '0'.repeat(40)
const a = 'a'.repeat(40)
const b = 'b'.repeat(40)
const site = { name: 'demo.localhost', branch: 'main', isEmpty: false }

describe('what a push asks for', () => {
  it('deploys the deployed branch, forced or not', () => {
    const update = { ref: 'refs/heads/main', from: a, to: b }
    expect(planPush([update], site)).toEqual({ deploy: update, notes: [] })
  })

  it('stores other branches and tags, and says so', () => {
    const plan = planPush(
      [
        { ref: 'refs/heads/idea', from: none, to: a },
        { ref: 'refs/tags/v1', from: none, to: a },
      ],
      site,
    )
    expect(plan.deploy).toBeUndefined()
    expect(plan.notes).toEqual([
      'Stored branch idea.',
      'Stored tag v1.',
      'Nothing was deployed: demo.localhost deploys the branch main.',
    ])
  })

  it('removes other branches without a word about deploying', () => {
    expect(planPush([{ ref: 'refs/heads/idea', from: a, to: none }], site).notes).toEqual(['Removed branch idea.'])
  })

  it('refuses to delete the deployed branch, and names the ways out', () => {
    expect(() => planPush([{ ref: 'refs/heads/main', from: a, to: none }], site)).toThrow(
      "main is what demo.localhost serves, so it can't be deleted",
    )
  })

  it('takes master for the deployed branch when a first push brings it alone', () => {
    const update = { ref: 'refs/heads/master', from: none, to: a }
    expect(planPush([update], { ...site, isEmpty: true })).toEqual({ deploy: update, adoptBranch: 'master', notes: [] })
    expect(planPush([update], site).deploy).toBeUndefined()
  })

  it('prefers main when a first push brings both', () => {
    const plan = planPush(
      [
        { ref: 'refs/heads/master', from: none, to: a },
        { ref: 'refs/heads/main', from: none, to: b },
      ],
      { ...site, isEmpty: true },
    )
    expect(plan.deploy?.to).toBe(b)
    expect(plan.adoptBranch).toBeUndefined()
  })
})
