internal import RevenueService
internal import ServiceKit

await serviceMain(Revenue.definition)
