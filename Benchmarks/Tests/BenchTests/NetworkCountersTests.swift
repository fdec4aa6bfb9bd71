import Testing

@testable import bench

@Suite("The kernel's counts of connections") struct NetworkCountersTests {
    private static let netstat = """
        TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPSynRetrans
        TcpExt: 9 1 2 3
        IpExt: InNoRoutes InTruncatedPkts
        IpExt: 4 5

        """

    @Test("The counts are found by their names") func parsed() {
        #expect(
            NetworkCounters(netstat: Self.netstat) == NetworkCounters(overflows: 1, drops: 2, retransmitted: 3)
        )
    }

    @Test(
        "Counts are missing where a system has none of the kind",
        arguments: ["", "TcpExt: ListenDrops\nTcpExt: 1\n"]
    )
    func missing(text: String) {
        #expect(NetworkCounters(netstat: text) == nil)
    }
}
