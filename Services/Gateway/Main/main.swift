internal import GatewayService
internal import ServiceKit

await processMain(GatewayProcess.definition)
