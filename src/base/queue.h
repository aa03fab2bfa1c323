/*
 * A bounded queue of pointers between two threads: the sender waits while it is full, the receiver
 * while it is empty, and nothing is lost. For files; live cameras use a mailbox of one.
 *
 * Threads: any number of senders and receivers. Memory: allocated once, by create.
 */
#pragma once

#include <stdbool.h>

struct queue;

/* `capacity_count` 1 to 65536. 0 or -ENOMEM. */
int queue_create(int capacity_count, struct queue **ret_queue);
/* The queue must be empty of things that somebody has to free. */
void queue_destroy(struct queue **queue);

/* Takes `item` on success. 0, or -EPIPE once the queue is closed. */
int queue_send(struct queue *queue, void *item);
/* Gives the oldest item. 0, or -EPIPE once it is closed and drained. */
int queue_recv(struct queue *queue, void **ret_item);
/* As queue_recv, but -EAGAIN instead of waiting. */
int queue_try_recv(struct queue *queue, void **ret_item);
/* No more sends; those waiting wake up. What is inside can still be received. */
void queue_close(struct queue *queue);
