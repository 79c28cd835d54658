/** What a client is answered instead of "accepted": the code and text of an SMTP reply (RFC 5321, 4.2; RFC 3463 for the code in the text). */
export class Refusal extends Error {
  /** Under this name smtp-server takes it from an error. */
  readonly responseCode: number

  constructor(responseCode: number, text: string) {
    super(text)
    this.responseCode = responseCode
  }
}
