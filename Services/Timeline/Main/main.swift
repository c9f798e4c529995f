internal import ServiceKit
internal import TimelineService

await serviceMain(Timeline.definition)
