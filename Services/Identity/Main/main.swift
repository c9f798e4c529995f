internal import IdentityService
internal import ServiceKit

await serviceMain(Identity.definition)
