// SPDX-License-Identifier: BSL-1.0
// The faults that PlainBackend can have: one for each promise of HttpBackend's contract.

#ifndef CLARIFY_TESTS_SUPPORT_PLAIN_FAULT_HPP
#define CLARIFY_TESTS_SUPPORT_PLAIN_FAULT_HPP

namespace support {

enum class PlainFault {
    none,
    // The request.
    decodes_path,
    host_twice,
    host_without_brackets,
    drops_empty_header,
    adds_accept_encoding,
    empty_body_without_length,
    keeps_cookies,
    repeats_request,
    // The reply.
    invents_content_type,
    proxy_status_is_failure,
    follows_redirect,
    spoils_large_body,
    keeps_blanks,
    last_field_wins,
    last_retry_after_wins,
    refuses_identity,
    remembers_location,
    // Where it ends.
    refuses_chunk_extension,
    keeps_trailers,
    refuses_end_by_close,
    refuses_http_10,
    keeps_interim_fields,
    awaits_interim_body,
    awaits_end_of_empty_body,
    awaits_body_of_304,
    // What is not well-formed.
    accepts_any_status_line,
    accepts_bad_field_line,
    accepts_control_character,
    accepts_two_lengths,
    accepts_length_without_number,
    accepts_length_and_chunked,
    accepts_gzip_and_chunked,
    accepts_chunks_in_http_10,
    accepts_broken_chunk,
    accepts_content_encoding,
    accepts_switching,
    // Limits, and replies that are cut.
    refuses_exact_length,
    refuses_exact_chunks,
    ignores_limit_of_length,
    ignores_limit_of_chunks,
    ignores_limit_of_close,
    accepts_short_body,
    accepts_short_chunks,
    accepts_cut_head,
    silence_is_unsent,
    calls_cut_reply_connect,
    calls_all_stale,
    // Other failures.
    overloaded_is_unknown,
    forgets_phase_of_connecting,
    forgets_phase_of_reply,
    hides_cause,
    knows_no_names,
    unknown_name_is_connect,
    // TLS.
    trusts_anybody,
    trusts_any_address,
    trusts_any_name,
    trusts_expired,
    trusts_early,
    distrust_is_reset,
    handshake_is_connect,
    sends_no_name,
    sends_address_as_name,
    refuses_alerted_end,
    accepts_cut_tls,
    awaits_alert,
    // Progress, deadlines, cancellation.
    skips_head_phase,
    sent_too_early,
    late_connect_is_io,
    late_handshake_is_io,
    late_write_is_io,
    late_silence_is_io,
    late_reply_is_io,
    deaf_in_queue,
    deaf_in_connect,
    deaf_in_tls,
    deaf_in_write,
    deaf_in_first_byte,
    deaf_in_body,
    cancels_others,
    // Connections and the end.
    hoards_connections,
    keeps_dropped,
    spoils_held_response,
    reuses_when_fresh_is_asked,
    closed_while_idle_is_unsent,
    reads_stale_bytes,
    ignores_announced_close,
    mixes_replies,
    keeps_idle_at_close,
    keeps_lease_after_close,
    keeps_idle_at_drain,
    refuses_after_drain,
    leaves_idle_open,
    forgets_trust_when_moved,
};

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_PLAIN_FAULT_HPP
