import Foundation
import Testing

@testable import two_devices

@Suite("Two devices in one terminal") struct TwoDevicesTests {
    @Test("They pair after a yes") func yes() async throws {
        let result = try await #require(processExitsWith: .success, observing: [\.standardOutputContent]) {
            try type("yes\n")
            try await TwoDevices.main()
        }
        let lines = String(decoding: result.standardOutputContent, as: UTF8.self).split(separator: "\n")
        let right = String(repeating: " ", count: 40)
        #expect(lines.first == "OLD LAPTOP")
        #expect(lines.contains("This is the code."))
        #expect(lines.contains("\(right)Found the other device."))
        #expect(lines.contains { $0.hasPrefix("Paired.") } && lines.contains { $0.hasPrefix("\(right)Paired.") })
        #expect(lines.allSatisfy { $0.count <= 80 })
    }

    @Test("Enter alone is no") func enter() async throws {
        let result = try await #require(processExitsWith: .success, observing: [\.standardOutputContent]) {
            try type("\n")
            try await TwoDevices.main()
        }
        let output = String(decoding: result.standardOutputContent, as: UTF8.self)
        #expect(output.contains("You said no; nothing was sent.") && !output.contains("Paired."))
    }
}

/// Makes a text the standard input of this process.
private func type(_ text: String) throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    try pipe.fileHandleForWriting.close()
    dup2(pipe.fileHandleForReading.fileDescriptor, 0)
}
