internal import CRMService
internal import ServiceKit

await serviceMain(crmDefinition)
