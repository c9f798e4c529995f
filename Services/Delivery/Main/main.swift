internal import DeliveryService
internal import ServiceKit

await serviceMain(
    ServiceDefinition(name: "delivery", migrations: Delivery.migrations) { environment in
        try Delivery.assemble(environment)
    }
)
