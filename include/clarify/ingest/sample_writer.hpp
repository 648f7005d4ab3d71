// SPDX-License-Identifier: BSL-1.0
// The usual writer of samples: what most programs use, through <clarify/clarify.hpp>.

#ifndef CLARIFY_INGEST_SAMPLE_WRITER_HPP
#define CLARIFY_INGEST_SAMPLE_WRITER_HPP

#include <clarify/client.hpp>
#include <clarify/ingest/basic_sample_writer.hpp>
#include <clarify/ingest/client_sink.hpp>
#include <clarify/ingest/memory_spool.hpp>

namespace clarify {

/** Samples gathered in memory, and inserted by a `Client`.

    @code
    auto client = std::make_shared<clarify::Client>(context.get_executor(), credentials);
    clarify::SampleWriter writer{
        context.get_executor(), clarify::ClientSink{client}, clarify::MemorySpool{}};
    @endcode

    Everything is said at `BasicSampleWriter`.
*/
using SampleWriter = BasicSampleWriter<ClientSink<Client>, MemorySpool>;

}  // namespace clarify

#endif  // CLARIFY_INGEST_SAMPLE_WRITER_HPP
