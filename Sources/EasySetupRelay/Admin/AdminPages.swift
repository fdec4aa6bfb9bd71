import NIOCore
import NIOHTTP1

/// The pages of the admin port: the status page, metrics and health. A further page is a further entry in this
/// table.
struct AdminPages: Sendable {
    let collector: StatusCollector
    let sampler: StatusSampler

    var routes: [AdminRoutes.Route] {
        StatusPage.routes { [sampler] in sampler.report(on: $0) } + [metrics]
            + HTTPRoutes.Health.allCases.map(health)
    }

    private var metrics: AdminRoutes.Route {
        let factory = PrometheusFactory(
            RelayMetrics.all.map { .init(name: $0.name, help: $0.help, unit: $0.unit?.rawValue) }
        )
        let recorder = MetricsRecorder(factory)
        return .init(path: "/metrics") { [collector] request, loop in
            collector.collect(on: loop).map { status in
                recorder.record(status)
                let format = PrometheusText.Format(accept: request.headers["accept"])
                return AdminResponse(status: .ok, type: format.contentType, body: factory.text(format))
            }
        }
    }

    /// The health of the relay, with the same answers as at the port of the devices.
    private func health(_ health: HTTPRoutes.Health) -> AdminRoutes.Route {
        .init(path: health.rawValue) { [collector] _, loop in
            let answer = health.answer(collector.health)
            return loop.makeSucceededFuture(
                .text(answer == .ok ? .ok : .serviceUnavailable, answer.rawValue)
            )
        }
    }
}
