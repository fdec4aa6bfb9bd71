import CredentialsCore
import Testing

/// The first eight repeat the tests of an earlier service of this kind, with its numbers.
@Suite("Assignment of nodes")
struct NodeTests {
    /// Assigns chains until no node has a place, at most `count`.
    private func assign(_ count: Int, _ nodes: inout [Node]) -> [String] {
        var names: [String] = []
        for _ in 0..<count {
            guard let index = NodeAssignment.assign(&nodes) else {
                names.append("none")
                break
            }
            names.append(nodes[index].name)
        }
        return names
    }

    @Test("A new chain gets a node, and the node's books change")
    func allocation() {
        var nodes = [Node(name: "n1", capacity: 100)]
        #expect(nodes[0].available == 10)
        #expect(assign(1, &nodes) == ["n1"])
        #expect(nodes[0].load == 1)
        #expect(nodes[0].available == 9)
    }

    @Test("The least loaded node with a place is chosen")
    func leastLoaded() {
        var nodes = [
            Node(name: "n1", capacity: 100, load: 3, available: 10),
            Node(name: "n2", capacity: 100, load: 2, available: 10),
            Node(name: "n3", capacity: 100, load: 1, available: 10),
        ]
        #expect(assign(1, &nodes) == ["n3"])
    }

    @Test("A node without released places is passed over while another has some")
    func oneWithPlaces() {
        var nodes = [
            Node(name: "n1", capacity: 1_000, load: 101, available: 10),
            Node(name: "n2", capacity: 1_000, load: 100, available: 0),
            Node(name: "n3", capacity: 1_000, load: 89, available: 1),
        ]
        #expect(assign(2, &nodes) == ["n3", "n1"])
    }

    @Test("Nodes that are down or backed off are skipped, however little they have")
    func skipped() {
        var nodes = [
            Node(name: "n1", capacity: 100, load: 1, available: 10),
            Node(name: "n2", capacity: 100, load: 2, available: 10),
            Node(name: "n3", capacity: 100, load: 3, available: 10),
            Node(name: "n4", capacity: 100, load: 0, available: 10, isBackedOff: true),
            Node(name: "n5", capacity: 100, load: 0, available: 10, isDowned: true),
        ]
        #expect(assign(1, &nodes) == ["n1"])
    }

    @Test("When no place is released, a part of each node's capacity is, but none of a node that is down")
    func release() {
        var nodes = [
            Node(name: "n1", capacity: 100, load: 99, available: 0),
            Node(name: "n2", capacity: 100, load: 90, available: 0),
            Node(name: "n3", capacity: 81, load: 80, available: 0),
            Node(name: "n4", capacity: 71, load: 70, available: 0, isBackedOff: true),
            Node(name: "n5", capacity: 61, load: 60, available: 0, isDowned: true),
        ]
        #expect(assign(1, &nodes) == ["n2"])
        #expect(nodes.map(\.available) == [1, 9, 1, 1, 0])
        #expect(nodes.map(\.load) == [99, 91, 80, 70, 60])
    }

    @Test("Without any place left nothing changes")
    func noneLeft() {
        var nodes = [
            Node(name: "n1", capacity: 100, load: 100, available: 0),
            Node(name: "n2", capacity: 100, load: 50, available: 0, isDowned: true),
        ]
        let before = nodes
        #expect(NodeAssignment.assign(&nodes) == nil)
        #expect(nodes == before)
    }

    @Test("Two nodes are filled by turns as their places are released, and then there is no place")
    func gradualRelease() {
        var nodes = [
            Node(name: "n1", capacity: 8, load: 4, available: 1), Node(name: "n2", capacity: 6, load: 4, available: 1),
        ]
        #expect(assign(9, &nodes) == ["n1", "n2", "n1", "n2", "n1", "n1", "none"])
    }

    @Test("A chain that leaves frees a place, and never more than the node has")
    func leaving() {
        var node = Node(name: "n1", capacity: 3, load: 3, available: 0)
        NodeAssignment.release(&node)
        #expect(node.load == 2)
        #expect(node.available == 1)
        for _ in 0..<5 { NodeAssignment.release(&node) }
        #expect(node.load == 0)
        #expect(node.available == 3)
    }

    @Test("Places of a node that is backed off are not given away when nothing else has any")
    func backedOff() {
        var nodes = [Node(name: "n1", capacity: 10, load: 1, available: 0, isBackedOff: true)]
        #expect(NodeAssignment.assign(&nodes) == nil)
        #expect(nodes[0].available == 0)
    }

    @Test("No node ever has more chains than its capacity, and each assignment is one chain")
    func neverOver() {
        var nodes = [
            Node(name: "n1", capacity: 7), Node(name: "n2", capacity: 0), Node(name: "n3", capacity: 23),
            Node(name: "n4", capacity: 1),
        ]
        for count in 1...31 {
            #expect(NodeAssignment.assign(&nodes) != nil)
            #expect(nodes.reduce(0) { $0 + $1.load } == count)
            #expect(nodes.allSatisfy { $0.load <= $0.capacity && $0.available >= 0 })
        }
        #expect(NodeAssignment.assign(&nodes) == nil)
    }
}
