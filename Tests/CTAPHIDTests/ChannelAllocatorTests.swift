import Testing

@testable import CTAPHID

struct ChannelAllocatorTests {
    private var allocator = ChannelAllocator(first: ChannelID(rawValue: 1))

    private func isKnown(_ number: UInt32) -> Bool { allocator.isAllocated(ChannelID(rawValue: number)) }

    @Test("Of more than 256 channels that clients brought along the one adopted longest ago is forgotten")
    mutating func forgotten() {
        for number in 1001...1256 as ClosedRange<UInt32> { allocator.adopt(ChannelID(rawValue: number)) }
        #expect(isKnown(1001) && isKnown(1256) && !isKnown(1257))
        // Whoever is there is adopted once more, and stays.
        allocator.adopt(ChannelID(rawValue: 1001))
        allocator.adopt(ChannelID(rawValue: 2000))
        #expect(isKnown(2000) && isKnown(1001) && !isKnown(1002) && isKnown(1003))
    }

    @Test("A channel that was handed out is never forgotten, and one that is adopted never handed out")
    mutating func handedOut() {
        #expect(allocator.allocate() == ChannelID(rawValue: 1))
        allocator.adopt(ChannelID(rawValue: 2))
        #expect(allocator.allocate() == ChannelID(rawValue: 3))
        for number in 1001...1600 as ClosedRange<UInt32> {
            allocator.adopt(ChannelID(rawValue: 1))
            allocator.adopt(ChannelID(rawValue: number))
        }
        #expect(isKnown(1) && isKnown(2) && isKnown(3) && !isKnown(4))
        #expect(!isKnown(1344) && isKnown(1345))
    }
}
