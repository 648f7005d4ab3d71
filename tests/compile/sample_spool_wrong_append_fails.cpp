// expect-error: std::same_as<Result<std::uint64_t>>
// expect-error: does not satisfy return-type-requirement
// SPDX-License-Identifier: BSL-1.0
// A spool that gives a number and not whether it worked is named as what it is not.

#include <clarify/ingest/basic_sample_writer.hpp>
#include <clarify/ingest/memory_spool.hpp>

namespace {

class Sink {
public:
    boost::asio::awaitable<clarify::Result<void>> store(const clarify::DataFrame&) {
        co_return clarify::Result<void>{};
    }
    clarify::Clock::duration interval() const noexcept { return {}; }
    std::size_t max_size() const noexcept { return 1'000; }
};

class WrongAppend : public clarify::MemorySpool {
public:
    std::uint64_t append(clarify::SampleTable&, std::chrono::system_clock::time_point) { return 1; }
};

}  // namespace

using Writer = clarify::BasicSampleWriter<Sink, WrongAppend>;
