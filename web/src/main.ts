import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { askEarly } from './lib/api';
import { firstQuestions } from './lib/early';
import { route } from './lib/route.svelte';
import { screenOf } from './screens';

firstQuestions(screenOf(route.segments)).forEach(askEarly);
mount(App, { target: document.getElementById('app')! });
