"""Batches: any number of photos and clips, from files, buckets and shards, on all cores or many machines; resumable."""
