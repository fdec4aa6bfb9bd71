/// Returns once the condition holds. It checks every five milliseconds and has no time limit but that of the test, so
/// that a slow machine makes a test slow but does not make it fail.
package func until(isolation: isolated (any Actor)? = #isolation, _ isSo: () async throws -> Bool) async throws {
    while try await !isSo() { try await Task.sleep(for: .milliseconds(5)) }
}

/// Stands for a user who does not answer: returns when the question is cancelled.
package func noAnswer() async {
    try? await Task.sleep(for: .seconds(86_400))
}
