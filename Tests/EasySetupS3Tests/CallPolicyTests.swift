import EasySetupChain
import Testing

@testable import EasySetupS3

@Suite("Tries of a call")
struct CallPolicyTests {
    private func answered(_ status: Int, _ code: String? = nil, retryAfter: Duration? = nil) -> CallPolicy.Outcome {
        .answered(status: status, code: code, retryAfter: retryAfter)
    }

    @Test(
        "Each answer has its kind",
        arguments: [
            (200, nil, nil), (204, nil, nil), (404, "NoSuchKey", nil), (404, "NoSuchBucket", .bucketMissing),
            (404, nil, .unreadable), (403, "AccessDenied", .denied), (400, "ExpiredToken", .denied),
            (401, nil, .denied), (400, "KeyTooLongError", .nameRefused), (400, "InvalidObjectName", .nameRefused),
            (503, "SlowDown", .busy), (503, nil, .busy), (500, "InternalError", .busy), (200, "InternalError", .busy),
            (429, nil, .busy), (400, "RequestTimeout", .busy), (501, "NotImplemented", .unreadable),
            (405, "MethodNotAllowed", .unreadable), (301, "PermanentRedirect", .unreadable), (302, nil, .unreadable),
            (200, "AccessDenied", .unreadable),
        ] as [(Int, String?, ObjectStoreError.Code?)]
    )
    func kinds(_ status: Int, _ code: String?, _ kind: ObjectStoreError.Code?) {
        #expect(CallPolicy.kind(status: status, code: code) == kind)
    }

    @Test("A store that is busy is asked again after pauses that double, and at last no more")
    func pauses() {
        var policy = CallPolicy(S3Limits())
        let busy = answered(503, "SlowDown")
        for milliseconds in [100, 200, 400, 800] {
            #expect(
                policy.after(busy, clockError: nil, draw: 0)
                    == .again(after: .milliseconds(milliseconds), renewing: false)
            )
        }
        #expect(policy.after(busy, clockError: nil, draw: 0) == .fail(ObjectStoreError(.busy, detail: "SlowDown")))
    }

    @Test("A pause is drawn from its half up, and has a longest")
    func draws() {
        var limits = S3Limits()
        limits.tries = 100
        var policy = CallPolicy(limits)
        #expect(
            policy.after(answered(500), clockError: nil, draw: 0.5)
                == .again(after: .milliseconds(150), renewing: false)
        )
        for _ in 0..<90 { _ = policy.after(answered(500), clockError: nil, draw: 0) }
        #expect(
            policy.after(answered(500), clockError: nil, draw: 1)
                == .again(after: limits.longestPause, renewing: false)
        )
    }

    @Test("A store that names a time is asked after it, or not again if that is too long")
    func retryAfter() {
        var policy = CallPolicy(S3Limits())
        let soon = answered(503, nil, retryAfter: .seconds(7))
        #expect(policy.after(soon, clockError: nil, draw: 0) == .again(after: .seconds(7), renewing: false))
        let late = answered(503, nil, retryAfter: .seconds(11))
        #expect(
            policy.after(late, clockError: nil, draw: 0)
                == .fail(ObjectStoreError(.busy, detail: "503", retryAfter: 11))
        )
    }

    @Test("A refused call gets new credentials once, whatever else goes wrong between")
    func renewal() {
        var policy = CallPolicy(S3Limits())
        let denied = answered(403, "InvalidAccessKeyId")
        #expect(policy.after(denied, clockError: .seconds(2), draw: 0) == .again(after: .zero, renewing: true))
        #expect(
            policy.after(answered(500), clockError: nil, draw: 0)
                == .again(after: .milliseconds(100), renewing: false)
        )
        #expect(
            policy.after(denied, clockError: nil, draw: 0)
                == .fail(ObjectStoreError(.denied, detail: "InvalidAccessKeyId"))
        )
    }

    @Test(
        "A call that was signed by a wrong clock is signed anew once, before new credentials",
        arguments: [-900, 900]
    )
    func clock(_ error: Int) {
        var policy = CallPolicy(S3Limits())
        let denied = answered(403, "RequestTimeTooSkewed")
        #expect(policy.after(denied, clockError: .seconds(error), draw: 0) == .again(after: .zero, renewing: false))
        #expect(policy.after(denied, clockError: .seconds(error), draw: 0) == .again(after: .zero, renewing: true))
        #expect(
            policy.after(denied, clockError: .seconds(error), draw: 0)
                == .fail(ObjectStoreError(.denied, detail: "RequestTimeTooSkewed"))
        )
    }

    @Test("A lost answer is asked for again, and an error that no retry mends is told at once")
    func silence() {
        var policy = CallPolicy(S3Limits())
        let error = ObjectStoreError(.unreachable, detail: "refused")
        #expect(
            policy.after(.failed(error, mayPass: true), clockError: nil, draw: 0)
                == .again(after: .milliseconds(100), renewing: false)
        )
        #expect(policy.after(.failed(error, mayPass: false), clockError: nil, draw: 0) == .fail(error))
    }

    @Test("An answer that is none of S3 is asked for again, and told at last")
    func unreadable() {
        var policy = CallPolicy(S3Limits())
        for _ in 1..<S3Limits().tries {
            guard case .again(_, false) = policy.after(.unreadable("no-date"), clockError: nil, draw: 0) else {
                Issue.record("it is not asked for again")
                return
            }
        }
        #expect(
            policy.after(.unreadable("no-date"), clockError: nil, draw: 0)
                == .fail(ObjectStoreError(.unreadable, detail: "no-date"))
        )
    }
}
